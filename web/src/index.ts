export { Tempera } from './tempera.js';
export { TemperaError, type TemperaErrorCode } from './errors.js';
export type { Probe } from './probe.js';
export type {
  Build, Info, LoadOptions, Look, Mask, MaskOptions, Model, PaintOptions, Parameter, Picture, Precision, ProcessOptions,
  Progress, Regions, Stats, StyleLook, TrackPath,
} from './types.js';
