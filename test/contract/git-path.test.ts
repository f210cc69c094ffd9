import { onServer } from './git-on-server.ts';
import { transportContract } from './transport-contract.ts';

transportContract('git, by path', () => onServer('path', {}));
transportContract('git, by path, by requests of our own', () => onServer('path', { posts: true }));
