import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';

/** The server's time, in milliseconds: what counts down moves once a second. */
export const Now = createContext(0);
export const useNow = (): number => useContext(Now);

export function useTick(offsetMs: number): number {
  const [nowMs, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return nowMs + offsetMs;
}
