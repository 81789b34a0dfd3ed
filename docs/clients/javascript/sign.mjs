// The signed path of MQTT over WebSocket at AWS IoT: `/mqtt?X-Amz-...`. To be made anew for each connection.
import { createHash, createHmac } from 'node:crypto';

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** `host` is the data endpoint of AWS, whatever name is dialled. */
export function signedPath({ host, region, accessKeyId, secretAccessKey, sessionToken }) {
  const stamp = `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
  const scope = `${stamp.slice(0, 8)}/${region}/iotdevicegateway/aws4_request`;
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encode(`${accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${stamp}`,
    'X-Amz-Expires=300',
    'X-Amz-SignedHeaders=host',
  ].join('&');
  const canonical = ['GET', '/mqtt', query, `host:${host}\n`, 'host', sha256('')].join('\n');
  const key = scope.split('/').reduce(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')).toString('hex');
  // AWS IoT wants the session token behind the signature, not in it.
  const token = sessionToken ? `&X-Amz-Security-Token=${encode(sessionToken)}` : '';
  return `/mqtt?${query}&X-Amz-Signature=${signature}${token}`;
}
