export { Tempera } from './tempera.js';
export { TemperaError, type TemperaErrorCode } from './errors.js';
export type { Probe } from './probe.js';
export type {
  Build, Info, LoadOptions, Model, PaintOptions, Parameter, Picture, Precision, ProcessOptions, Progress, Stats,
  TrackPath,
} from './types.js';
