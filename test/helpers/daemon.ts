/** The built command line, and clones of a real bare remote whose daemon it runs. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type App, openApp } from '../../src/app.ts';
import { ownerProcess } from '../../src/config/owner.ts';
import { processFacts } from '../../src/config/sessions.ts';
import { claimTask } from '../../src/coordinator/claim-task.ts';
import { formatKind } from '../../src/coordinator/record-kinds.ts';
