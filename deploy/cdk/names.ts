// Names and ports that more than one part of a deployment relies on: stacks, roles, files on an instance.

/** The one port that is open to the world. */
export const AGENT_PORT = 443;
/** `health.address` and `admin.address` have these ports where a node's file does not say otherwise. */
export const HEALTH_PORT = 8080;
export const ADMIN_PORT = 9901;
/** A second listener behind a load balancer, which asks it for `/ready` without a PROXY header; reached by nobody else. */
export const BALANCER_CHECK_PORT = 8444;

/** Where nodes dial upstream (AWS IoT developer guide, protocols), and where AWS's own APIs are. */
export const UPSTREAM_PORTS = [443, 8443, 8883] as const;

/** On every instance. */
export const ETC = '/etc/pinhole';
export const LOG_FOLDER = '/var/log/pinhole';
/** `RuntimeDirectory` of deploy/host/pinhole.service. Only what systemd starts as that unit hears of it from systemd. */
export const RUNTIME_FOLDER = '/run/pinhole';

/** Under which the reconciler reaches a slot's node: from its hosts file, so that no record has to be made. */
export function adminName(slot: string): string {
  return `${slot}.node.internal`;
}

/** Nodes of the shape `nlb` share their file and their metrics. */
export const POOL = 'pool';

/**
 * Of the role and the group of a slot's node. Names of roles are one list for the whole account: the dot, which neither a stage nor a slot can have,
 * keeps slot `eu-a` of the stage `x` apart from slot `a` of the stage `x-eu`, and both from all other names here.
 */
export function nodeName({ prefix }: { readonly prefix: string }, slot: string): string {
  return `${prefix}.${slot}`;
}

/** Of the role and the group of the instance that runs `fleet run`. */
export function reconcilerName({ prefix }: { readonly prefix: string }): string {
  return `${prefix}-reconciler`;
}
