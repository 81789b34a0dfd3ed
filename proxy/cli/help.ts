// What `pinhole help` prints.

export const HELP = `Usage: pinhole COMMAND [OPTIONS]

Lets device agents reach AWS IoT Core through this proxy, and nothing else.

  serve -c FILE              runs a node
  check -c FILE [--strict]   is this file right, and what does it allow?
  explain -c FILE --door D --host H --port P
                             what would be decided, and why
  status                     how a running node is
  tunnels [--limit N]        its open tunnels
  close --tenant T           ends all open tunnels of a tenant at once
  drain [--now|--pause|--resume]
                             empties a running node at a pace
  undrain                    ends that
  reload                     has it take its configuration as it is now
  upgrade [--to DIR|--back]  has another installation take over, no connection lost
  token TENANT               makes a token, and the line for the file
  addresses make|verify      the signed list of a fleet's addresses
  fleet plan|apply|status|run -c FLEET.yaml
                             the fleet's DNS records and health checks at Route 53
  fleet drain|undrain SLOT -c FLEET.yaml
                             empties a slot, records included, and brings it back
  sandbox [--fleet N]        a whole world on this machine: AWS IoT stand-in, proxy, agent; or a fleet
  gameday NAME|all|--list    breaks a fleet on this machine, and says whether it held
  loadtest SCENARIO|list|compare|card
                             holds tunnels through nodes on this machine with k6, and writes a report
  agent                      the reference agent
  doctor                     looks at the way to AWS IoT from a customer's site, and says who must mend what
  help, --version

\`pinhole COMMAND --help\` shows a command's options. status, tunnels, close, drain, undrain, reload and upgrade take -c FILE or
--runtime DIR; where one node runs, it is found.

Exit codes: 0 done, 1 failed, 64 wrong command line or configuration, 69 cannot bind or load, 75 takes effect at a start only.
`;
