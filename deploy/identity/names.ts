// Names of what devices are known by, as the stack makes them, and as whoever provisions a device needs them. Pure.

import type { Stage } from '../cdk/stage.ts';

export interface IdentityNames {
  readonly policy: string;
  readonly role: string;
  readonly roleAlias: string;
  readonly template: string;
  readonly claimPolicy: string;
  readonly provisioner: string;
}

export function identityNames({ prefix }: Pick<Stage, 'prefix'>): IdentityNames {
  return {
    policy: `${prefix}-device`,
    role: `${prefix}-device`,
    roleAlias: `${prefix}-device`,
    template: `${prefix}-claim`,
    claimPolicy: `${prefix}-claim`,
    provisioner: `${prefix}-provisioner`,
  };
}
