// Numbers as people read them. Pure.

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** @param {number} count */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${SIZES[unit]}`;
}

/** The two largest units, of milliseconds. @param {number} ms */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** With thin spaces, which wrap nowhere. @param {number} value */
export function count(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** One decimal below ten. @param {number} value */
export function perSecond(value) {
  return value > 0 && value < 10 ? value.toFixed(1) : count(value);
}

/** @param {number} share from 0 to 1 */
export function percent(share) {
  return `${share > 0 && share < 0.01 ? '<1' : Math.round(share * 100)} %`;
}

/** Of the day, here. @param {number} ms since the epoch */
export function clockTime(ms) {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}
