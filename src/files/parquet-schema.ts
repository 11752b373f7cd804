import type { SchemaElement } from 'hyparquet';
import type { KeyType, OutputType } from '../domain/columns.js';
import type { TargetTable } from '../domain/publication.js';

type ColumnType = Omit<SchemaElement, 'name'>;

/** No value is ever null. */
const INT32: ColumnType = { type: 'INT32', repetition_type: 'REQUIRED' };
const INT64: ColumnType = { type: 'INT64', repetition_type: 'REQUIRED' };
const TEXT: ColumnType = {
  type: 'BYTE_ARRAY',
  repetition_type: 'REQUIRED',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
};

const keyTypes: Record<KeyType, ColumnType> = {
  text: TEXT,
  uuid: TEXT,
  int2: INT32,
  int4: INT32,
  int8: INT64,
  date: { ...INT32, converted_type: 'DATE', logical_type: { type: 'DATE' } },
  timestamp: microseconds(false),
  timestamptz: microseconds(true),
};

const outputTypes: Record<OutputType, ColumnType> = {
  float4: { type: 'FLOAT', repetition_type: 'REQUIRED' },
  float8: { type: 'DOUBLE', repetition_type: 'REQUIRED' },
  int4: INT32,
  int8: INT64,
  bool: { type: 'BOOLEAN', repetition_type: 'REQUIRED' },
  text: TEXT,
};

/** The columns of a predictions file in order: keys, outputs, artefact, attempt_id, scored_at. */
export function parquetColumns({ keys, outputs }: Pick<TargetTable, 'keys' | 'outputs'>): SchemaElement[] {
  return [
    ...keys.map(({ name, type }) => ({ name, ...keyTypes[type] })),
    ...outputs.map(({ name, type }) => ({ name, ...outputTypes[type] })),
    { name: 'artefact', ...TEXT },
    { name: 'attempt_id', ...TEXT },
    { name: 'scored_at', ...keyTypes.timestamptz },
  ];
}

function microseconds(isAdjustedToUTC: boolean): ColumnType {
  return {
    ...INT64,
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit: 'MICROS' },
  };
}
