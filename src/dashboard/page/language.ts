// uPlot makes a number format of the browser's language as it is loaded, and dies of one that isn't any (`en-US@posix`).
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' });
}
