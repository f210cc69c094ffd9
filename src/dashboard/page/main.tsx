import { render } from 'preact';
import './language.ts';
import './style.css';
import 'uplot/dist/uPlot.min.css';
import { App } from './app.tsx';
import { takeToken } from './token.ts';

const place = document.getElementById('page');
if (place !== null) render(<App token={takeToken()} />, place);
