import { show, UNSHOWN, UNSHOWN_CHARACTERS } from './show.js';

// These and blanks, and the characters no host name, alias or address has but that shells or ssh's %-tokens read: a
// ProxyCommand of the user's own expands %h through a shell.
const FORBIDDEN = new RegExp(`[\\s${UNSHOWN_CHARACTERS}'"\`$\\\\;&<>|(){}]`, 'u');

/**
 * Why a name can't be handed to ssh as a host, or null when it can.
 * ssh itself has refused most of these since 9.6 (CVE-2023-51385); older ones are still about.
 */
export function hostNameFault(host: string): string | null {
  if (host === '') return 'the host name is empty';
  if (host.startsWith('-'))
    return `host name ${show(host)} begins with "-", which ssh would take for an option`;
  const bad = FORBIDDEN.exec(host);
  if (bad !== null) return `host name ${show(host)} holds ${show(bad[0])}`;
  if (host.length > 1025) return `host name ${show(host)} is longer than 1025 characters`;
  return null;
}

/** Why a login name can't be handed to ssh, or null when it can. */
export function userNameFault(user: string): string | null {
  if (user === '') return 'the user name is empty';
  if (user.startsWith('-'))
    return `user name ${show(user)} begins with "-", which ssh would take for an option`;
  const bad = FORBIDDEN.exec(user.replaceAll('\\', ''));
  if (bad !== null) return `user name ${show(user)} holds ${show(bad[0])}`;
  return null;
}

/**
 * Why a name that an inventory gives to a host or group can't stand in what we print, or null when it can. ssh never sees it,
 * but lists of hosts are handed on, a host a line.
 */
export function shownNameFault(name: string): string | null {
  const bad = UNSHOWN.exec(name);
  if (bad !== null) return `the name ${show(name)} holds ${show(bad[0])}`;
  if (name.startsWith('-'))
    return `the name ${show(name)} begins with "-", which other programs would take for an option`;
  return null;
}

/** A port as ssh takes it, or null. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : null;
}
