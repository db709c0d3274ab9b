import { quoteForSh } from '../core/quote.js';

/** Where the askpass program finds us, and whose question it brings; neither is a secret. */
export const SOCKET_VARIABLE = 'PSSH_TS_ASKPASS';
export const LOGIN_VARIABLE = 'PSSH_TS_LOGIN';

// To whoever fails to get an answer ssh takes it for an empty one and sends that to the server, as a try that counts.
// So a question without an answer ends the ssh that asks: ssh leads the process group, which is all of this login.
const PROGRAM = `
const say = { login: process.env.${LOGIN_VARIABLE}, text: process.argv[1] || '', kind: process.env.SSH_ASKPASS_PROMPT || '' };
let text = '';
const socket = require('node:net').connect(process.env.${SOCKET_VARIABLE} || '/');
socket.setEncoding('utf8');
socket.on('connect', () => socket.write(JSON.stringify(say) + '\\n'));
socket.on('data', (data) => { text += data; });
socket.on('error', () => {});
socket.on('close', () => {
  let reply = null;
  try { reply = JSON.parse(text); } catch {}
  if (reply === null) process.kill(0, 'SIGKILL');
  else if (typeof reply.answer === 'string') process.stdout.write(reply.answer + '\\n');
  else process.exitCode = 1;
});
`;

/**
 * The program that ssh asks (SSH_ASKPASS): passes the question on to our socket and prints the answer. It holds no
 * secret, and leaves no core file of the answer.
 * @param node the program that runs it
 */
export function askpassScript(node: string): string {
  return [
    '#!/bin/sh',
    'ulimit -c 0',
    'unset NODE_OPTIONS NODE_V8_COVERAGE NODE_DEBUG',
    `exec ${quoteForSh(node)} -e ${quoteForSh(PROGRAM)} -- "$@"`,
    '',
  ].join('\n');
}
