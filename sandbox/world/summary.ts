// What the sandbox says when it is up: what runs where, which files, and what to type next. The README shows the same lines.

import { GATEWAY, PROXY } from './config-file.ts';
import { agentFlags, PUBLISH_EVERY_S, TOPIC } from './device.ts';
import type { Place } from './place.ts';
import type { Port } from './ports.ts';

export interface Line {
  readonly title: string;
  readonly command: string;
}

export function renderSummary(place: Place, seconds: number): string {
  const { ports, aws, show, dir } = place;
  return `
Pinhole's sandbox is up (${seconds.toFixed(1)} s). Everything runs on this machine, and nothing leaves it.

  proxy    127.0.0.1:${ports.proxy.number}${moved(ports.proxy)}: connect, connect-tls (${PROXY}, localhost), sni, gateway (${GATEWAY})
  health   http://127.0.0.1:${ports.health.number}/ready${moved(ports.health)}
  page     http://127.0.0.1:${ports.admin.number}/${moved(ports.admin)}: open it in a browser; what it changes asks for the token in ${show(place.adminToken)}
  AWS IoT  a stand-in: ${aws.data.host} on 127.0.0.1:${aws.data.wssPort} (443), :${aws.data.httpsPort} (8443), :${aws.data.mqttPort} (8883)
           and ${aws.credentials.host} on 127.0.0.1:${aws.credentials.port} (443)
  device   ${aws.thing}, the reference agent: publishes to ${TOPIC} every ${PUBLISH_EVERY_S} s
  files    ${show(dir)}: pinhole.yaml; ca.pem, device.pem, device.key; pinhole.log, aws-iot.log, agent.log

Type next, in another terminal:

${nextLines(place)
  .map(({ title, command }) => `  # ${title}\n  ${command}\n`)
  .join('\n')}
Ctrl-C ends everything.
`;
}

/** Every line works as it stands while this sandbox runs. */
export function nextLines(place: Place): Line[] {
  const { ports, aws, show } = place;
  const proxy = `127.0.0.1:${ports.proxy.number}`;
  const device = `--cert ${show(aws.files.deviceCertificate)} --key ${show(aws.files.deviceKey)}`;
  const ca = show(aws.files.ca);
  const provider = `https://${aws.credentials.host}/role-aliases/${aws.roleAlias}/credentials`;
  const publish = `-d '"hello"' 'https://${aws.data.host}:8443/topics/${TOPIC}?qos=1'`;
  const mosquitto = `mosquitto_pub -h ${aws.data.host} -p ${ports.proxy.number} --cafile ${ca} ${device} --tls-alpn x-amzn-mqtt-ca -i test-mosquitto -t ${TOPIC} -m hello -q 1`;
  return [
    {
      title: 'credentials for the device, by CONNECT',
      command: `curl -s -x http://${proxy} --cacert ${ca} ${device} -H 'x-amzn-iot-thingname: ${aws.thing}' ${provider}`,
    },
    {
      title: 'publish, by CONNECT inside TLS',
      command: `curl -s -x https://localhost:${ports.proxy.number} --proxy-cacert ${ca} --cacert ${ca} ${device} ${publish}`,
    },
    {
      title: 'a target that is not listed: 403 TARGET_NOT_ALLOWED',
      command: `curl -sv -x http://${proxy} https://example.com/ 2>&1 | grep '< '`,
    },
    {
      title: 'the TLS that a device sees through the tunnel',
      command: `openssl s_client -brief -proxy ${proxy} -connect ${aws.data.host}:443 -servername ${aws.data.host} -alpn x-amzn-mqtt-ca -CAfile ${ca} ${device.replaceAll('--', '-')} </dev/null`,
    },
    {
      title: 'mosquitto_pub knows no CONNECT: the sni door, with the name led to the proxy for this one command',
      command: `unshare -rm sh -c "mount --bind ${show(place.hosts)} /etc/hosts && ${mosquitto}"`,
    },
    {
      title: "the reference agent, with the flags of AWS's samples",
      command: `${place.pinhole} agent ${agentFlags(place).join(' ')} --client-id test-agent --count 3`,
    },
    { title: 'the node', command: `${place.pinhole} status --runtime ${show(place.runtime)}` },
    { title: 'every door once, and what is refused', command: `${place.pinhole} sandbox --once` },
  ];
}

function moved(port: Port): string {
  return port.insteadOf === null ? '' : ` (${port.insteadOf} was taken)`;
}
