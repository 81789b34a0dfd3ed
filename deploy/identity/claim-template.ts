// Fleet provisioning by claim: what AWS IoT makes of a device that comes with the claim certificate and its serial number (IoT developer
// guide, provisioning templates). Pure.

import type { Stage } from '../cdk/stage.ts';
import { identityNames } from './names.ts';

export function claimTemplate(stage: Stage): object {
  const { thingType, group } = stage.devices ?? { thingType: '', group: '' };
  return {
    Parameters: { SerialNumber: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
    Resources: {
      certificate: { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' } },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: identityNames(stage).policy } },
      thing: {
        Type: 'AWS::IoT::Thing',
        // A name that is there is somebody's. Whoever has the claim, which every device has, would get a certificate of that very device.
        OverrideSettings: { AttributePayload: 'FAIL', ThingTypeName: 'FAIL', ThingGroups: 'FAIL' },
        Properties: { ThingName: { Ref: 'SerialNumber' }, ThingTypeName: thingType, ThingGroups: [group] },
      },
    },
  };
}
