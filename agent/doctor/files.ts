// The files of the doctor's flags: those that the agent knows too, and the tenant's login.

import { type LoadedFiles, loadFiles, type Texts as FileTexts } from '../option-files.ts';
import type { DoctorOptions, FileOption } from './options.ts';

export type Texts = FileTexts<FileOption>;

export function loadDoctorFiles(files: DoctorOptions['files'], readFile: (path: string) => string): LoadedFiles<FileOption> {
  return loadFiles<FileOption>(files, readFile, ({ login }) =>
    // The file's words are not repeated: one of them is a token.
    login === undefined || /^[^:\s]+:\S+\s*$/.test(login) ? [] : ['--login: expected one line TENANT:TOKEN in the file'],
  );
}
