import { describeError, PredawnError } from '../domain/errors.js';
import { refuseExternalData } from './external-data.js';

/**
 * Reads the bytes of a model that may come from anywhere: an export, another registry, a person. `read` may throw
 * whatever the wire reader does. Throws kind `artefact`: `model.external_data`, and `model.load` for what is no ONNX model.
 */
export function readUntrusted<T>(model: Uint8Array, read: () => T): T {
  try {
    if (model.length === 0) throw new RangeError('it is empty');
    refuseExternalData(model);
    return read();
  } catch (thrown) {
    if (thrown instanceof PredawnError) throw thrown;
    throw new PredawnError('artefact', 'model.load', `The file is no ONNX model: ${describeError(thrown)}.`, {
      hint: 'Check that the file is the exported model, and that it was copied whole.',
      cause: thrown,
    });
  }
}
