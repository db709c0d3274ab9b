import { connect } from 'node:net';

/**
 * Keeps an idle master from ending by itself (ControlPersist counts from its last client's leaving), and tells when it
 * has ended. The socket keeps no process from ending.
 * @returns what lets go of it
 */
export function holdMaster(controlPath: string, onLost: () => void): () => void {
  const socket = connect(controlPath);
  socket.unref();
  // Its greeting; nothing is asked of it.
  socket.resume();
  socket.on('error', () => undefined);
  socket.once('close', onLost);
  return () => {
    socket.off('close', onLost);
    socket.destroy();
  };
}
