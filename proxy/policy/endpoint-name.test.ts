import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EndpointName, hostNameMistake, isAwsName, isSharedByAllAccounts, parseEndpointName } from './endpoint-name.ts';

const DATA = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';

const PLAIN = { partition: 'aws', suffix: 'amazonaws.com', fips: false, dualStack: false, legacy: false } as const;

const NAMES: readonly (readonly [string, Omit<EndpointName, 'form'>])[] = [
  [DATA, { ...PLAIN, kind: 'data', prefix: 'a1b2c3d4e5f6g7', region: 'eu-west-1' }],
  ['aii5h05kuofsj.iot.us-east-2.amazonaws.com', { ...PLAIN, kind: 'data', prefix: 'aii5h05kuofsj', region: 'us-east-2', legacy: true }],
  [
    'c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com',
    { ...PLAIN, kind: 'credentials', prefix: 'c9d8e7f6a5b4c3', region: 'eu-west-1' },
  ],
  ['a1b2c3d4e5f6g7.jobs.iot.ap-southeast-5.amazonaws.com', { ...PLAIN, kind: 'jobs', prefix: 'a1b2c3d4e5f6g7', region: 'ap-southeast-5' }],
  [
    'a1b2c3d4e5f6g7.ats.iot.cn-north-1.amazonaws.com.cn',
    { ...PLAIN, kind: 'data', prefix: 'a1b2c3d4e5f6g7', region: 'cn-north-1', partition: 'aws-cn', suffix: 'amazonaws.com.cn' },
  ],
  [
    'a1b2c3d4e5f6g7-ats.iot.cn-northwest-1.amazonaws.com.cn',
    { ...PLAIN, kind: 'data', prefix: 'a1b2c3d4e5f6g7', region: 'cn-northwest-1', partition: 'aws-cn', suffix: 'amazonaws.com.cn' },
  ],
  [
    'a1b2c3d4e5f6g7-ats.iot.us-gov-west-1.amazonaws.com',
    { ...PLAIN, kind: 'data', prefix: 'a1b2c3d4e5f6g7', region: 'us-gov-west-1', partition: 'aws-us-gov' },
  ],
  [
    'a1b2c3d4e5f6g7-ats.iot.eusc-de-east-1.amazonaws.eu',
    { ...PLAIN, kind: 'data', prefix: 'a1b2c3d4e5f6g7', region: 'eusc-de-east-1', partition: 'aws-eusc', suffix: 'amazonaws.eu' },
  ],
  ['data.iot-fips.us-east-1.amazonaws.com', { ...PLAIN, kind: 'data', prefix: 'data', region: 'us-east-1', fips: true }],
  ['data-ats.iot-fips.eu-west-1.amazonaws.com', { ...PLAIN, kind: 'data', prefix: 'data', region: 'eu-west-1', fips: true }],
  ['data.credentials.iot-fips.us-west-2.amazonaws.com', { ...PLAIN, kind: 'credentials', prefix: 'data', region: 'us-west-2', fips: true }],
  ['data.jobs.iot-fips.us-west-2.amazonaws.com', { ...PLAIN, kind: 'jobs', prefix: 'data', region: 'us-west-2', fips: true }],
  [
    'a1b2c3d4e5f6g7-ats.iot.eu-west-1.api.aws',
    { ...PLAIN, kind: 'data', prefix: 'a1b2c3d4e5f6g7', region: 'eu-west-1', suffix: 'api.aws', dualStack: true },
  ],
  ['data-ats.iot.eu-west-1.api.aws', { ...PLAIN, kind: 'data', prefix: 'data', region: 'eu-west-1', suffix: 'api.aws', dualStack: true }],
];

for (const [host, expected] of NAMES) {
  test(`parseEndpointName reads ${host}`, () => {
    const parsed = parseEndpointName(host);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.why);
    assert.deepEqual(parsed.value, { ...expected, form: host.slice(expected.prefix.length) });
  });
}

/** Each message has to name what is wrong, or what to write instead. */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['iot.eu-west-1.amazonaws.com', /control plane.*describe-endpoint/],
  ['iot.eu-west-1.api.aws', /control plane/],
  ['greengrass-ats.iot.eu-west-1.amazonaws.com', /Greengrass/],
  ['data.tunneling.iot.eu-west-1.amazonaws.com', /tunneling/],
  ['api.tunneling.iot.eu-west-1.amazonaws.com', /tunneling/],
  ['api.iotdeviceadvisor.eu-west-1.amazonaws.com', /not an AWS IoT name/],
  ['s3.eu-west-1.amazonaws.com', /not an AWS IoT name/],
  ['sts.amazonaws.com', /not an AWS IoT name/],
  ['amazonaws.com', /not an AWS IoT name.*customDomain/],
  ['iot.example.com', /not an AWS IoT name.*customDomain/],
  ['a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.comm', /not an AWS IoT name/],
  ['a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com.evil.test', /not an AWS IoT name/],
  ['a1b2c3d4e5f6g7-ats.iot.eu-west-1.xamazonaws.com', /not an AWS IoT name/],
  ['a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com.cn', /eu-west-1 is in partition aws: its names end in \.amazonaws\.com$/],
  ['a1b2c3d4e5f6g7-ats.iot.cn-northwest-1.amazonaws.com', /end in \.amazonaws\.com\.cn$/],
  ['a1b2c3d4e5f6g7-ats.iot.cn-north-1.amazonaws.com.cn', /Beijing writes a dot: a1b2c3d4e5f6g7\.ats\.iot\.cn-north-1\.amazonaws\.com\.cn/],
  ['a1b2c3d4e5f6g7.ats.iot.eu-west-1.amazonaws.com', /only Beijing.*a1b2c3d4e5f6g7-ats\.iot\.eu-west-1\.amazonaws\.com/],
  ['a1b2c3d4e5f6g7-ats.credentials.iot.eu-west-1.amazonaws.com', /no -ats.*iot:CredentialProvider/],
  ['a1b2c3d4e5f6g7-ats.jobs.iot.eu-west-1.amazonaws.com', /no -ats.*iot:Jobs/],
  ['a1b2c3d4e5f6g7.shadow.iot.eu-west-1.amazonaws.com', /\.shadow\.iot\. is not a kind/],
  ['evil.a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com', /is not a kind/],
  ['a.evil.credentials.iot.eu-west-1.amazonaws.com', /too many labels/],
  ['data-ats.iot.eu-west-1.amazonaws.com', /shared by every AWS account/],
  ['data.iot.eu-west-1.amazonaws.com', /shared by every AWS account/],
  ['data.jobs.iot.eu-west-1.amazonaws.com', /shared by every AWS account/],
  ['a1b2c3d4e5f6g7-ats.iot-fips.us-east-1.amazonaws.com', /FIPS.*data\.iot-fips\.us-east-1\.amazonaws\.com/],
  ['a1b2c3d4e5f6g7.credentials.iot-fips.us-east-1.amazonaws.com', /FIPS.*data\.credentials\.iot-fips\.us-east-1/],
  ['credentials.iot.eu-west-1.amazonaws.com', /not an account’s prefix/],
  ['a1-ats.iot.eu-west-1.amazonaws.com', /8 to 40/],
  [`${'a'.repeat(41)}-ats.iot.eu-west-1.amazonaws.com`, /8 to 40/],
  ['my-prefix1-ats.iot.eu-west-1.amazonaws.com', /8 to 40/],
  ['a1b2c3d4e5f6g7-ats.iot.ireland.amazonaws.com', /ireland does not look like an AWS region/],
  ['vpce-0a1b2c-d3e4f5.data.iot.eu-west-1.vpce.amazonaws.com', /VPC endpoint.*accept/],
  [DATA.toUpperCase(), /lower case: a1b2c3d4e5f6g7-ats\.iot\.eu-west-1\.amazonaws\.com$/],
  [`${DATA}.`, /trailing dot/],
  [`${DATA}:443`, /without a port/],
  [`https://${DATA}`, /without scheme/],
  [` ${DATA}`, /not a host name/],
  [`a1b2c3d4e5f6g7_ats.iot.eu-west-1.amazonaws.com`, /not a host name/],
  ['', /not a host name/],
  ['52.1.2.3', /IP address/],
  ['2001:db8::1', /IP address/],
];

for (const [host, expected] of REFUSED) {
  test(`parseEndpointName refuses ${host === '' ? 'the empty name' : host.slice(0, 70)}`, () => {
    const parsed = parseEndpointName(host);
    assert.equal(parsed.ok, false);
    assert.match(parsed.ok ? '' : parsed.why, expected);
  });
}

test('only names with the prefix data are shared by all accounts', () => {
  const shared = NAMES.map(([host]) => parseEndpointName(host)).filter((parsed) => parsed.ok && isSharedByAllAccounts(parsed.value));
  assert.equal(shared.length, 5);
});

for (const [host, expected] of [
  ['amazonaws.com', true],
  [DATA, true],
  ['s3.cn-north-1.amazonaws.com.cn', true],
  ['x.on.aws', true],
  ['x.c2s.ic.gov', true],
  ['iot.example.com', false],
  ['xamazonaws.com', false],
  ['amazonaws.com.example.com', false],
] as const) {
  test(`isAwsName says ${expected} for ${host}`, () => assert.equal(isAwsName(host), expected));
}

for (const [text, expected] of [
  ['proxy.example.com', null],
  ['localhost', null],
  ['xn--bcher-kva.example', null],
  ['127.1', /not a host name/],
  ['10.0.2.555', /not a host name/],
  ['0x7f.1', /not a host name/],
  ['0x7f000001', /not a host name/],
  ['-a.example.com', /not a host name/],
  ['a..example.com', /not a host name/],
  [`${'a'.repeat(64)}.example.com`, /not a host name/],
  [`${'a.'.repeat(127)}aa`, /not a host name/],
  ['bücher.example', /not a host name/],
] as const) {
  test(`hostNameMistake judges ${text.slice(0, 40)}`, () => {
    const mistake = hostNameMistake(text);
    if (expected === null) assert.equal(mistake, null);
    else assert.match(mistake ?? '', expected);
  });
}
