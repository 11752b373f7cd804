import type { ModelInput } from '../domain/model.js';
import type { Artefact } from '../domain/registry.js';
import { artefactLabel } from './attempt.js';

/**
 * Which of the tensors made for `rowsOf` is each input of `taker`, by name; a text says why they do not do for it.
 */
export function inputPlaces(rowsOf: Artefact, taker: Artefact): number[] | string {
  const given = rowsOf.manifest.signature.inputs;
  const places: number[] = [];
  for (const input of taker.manifest.signature.inputs) {
    const place = given.findIndex(({ name }) => name === input.name);
    const found = given[place];
    if (found === undefined || found.type !== input.type || widthOf(found) !== widthOf(input)) {
      return `${artefactLabel(taker)} takes ${input.name} (${inputText(input)}), which these rows do not have`;
    }
    places.push(place);
  }
  return places;
}

/** `float32 [N, 1]`. */
export function inputText({ type, shape }: ModelInput): string {
  return `${type} [${shape.map((dimension) => dimension ?? 'N').join(', ')}]`;
}

function widthOf({ shape: [, width] }: ModelInput): number {
  return width ?? 1;
}
