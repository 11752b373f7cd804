export { openChannels } from './channels.js';
export { listen } from './listener.js';
export { receiversOf } from './receivers.js';
