// PROTOCOL.mux of openssh-portable: what is said on the socket before it carries SSH messages.
export const MUX_VERSION = 4;
export const MUX_MSG_HELLO = 0x00000001;
export const MUX_C_PROXY = 0x1000000f;
export const MUX_S_PROXY = 0x8000000f;
export const MUX_S_PERMISSION_DENIED = 0x80000002;
export const MUX_S_FAILURE = 0x80000003;

/** Message numbers of RFC 4254 section 9. */
export const MSG = {
  globalRequest: 80,
  requestFailure: 82,
  open: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** RFC 4254 section 5.2. */
export const EXTENDED_DATA_STDERR = 1;

/** RFC 4254 section 5.1. */
export const OPEN_ADMINISTRATIVELY_PROHIBITED = 1;
