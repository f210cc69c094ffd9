// An agent as a process of its own, by the built library: `take-next <clone> <agent>`. Takes what is next for it and finishes it at
// once, until nothing is open. Says which, a line each.
import { openBook } from '../../dist/index.js';

const [dir, agent] = process.argv.slice(2);
const book = await openBook({ dir, agent, session: `s-${agent}` });
const isOpen = async () => (await book.list({ state: ['open', 'claimed'] })).tasks.length > 0;
while (await isOpen()) {
  try {
    const { task } = await book.next();
    await book.done(task.id);
    console.log(task.id);
  } catch (error) {
    if (error.code !== 'not-ready') throw error;
  }
}
await book.close();
