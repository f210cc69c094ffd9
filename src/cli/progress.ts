export { run } from './frame/unfinished.ts';
