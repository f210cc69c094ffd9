import { onServer } from './git-on-server.ts';
import { everythingAllowed, transportContract } from './transport-contract.ts';

const serverConfig = { 'receive.advertiseAtomic': 'false' };
const profile = { ...everythingAllowed, atomic: false };
transportContract('git, a server without atomic', () => onServer('path', { serverConfig }), profile);
