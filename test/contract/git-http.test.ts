import { onServer } from './git-on-server.ts';
import { transportContract } from './transport-contract.ts';

transportContract('git, over HTTP', () => onServer('http', {}));
