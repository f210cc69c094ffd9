import { onServer } from './git-on-server.ts';
import { transportContract } from './transport-contract.ts';

transportContract('git, over HTTP, by requests of our own', () => onServer('http', { posts: true }));
