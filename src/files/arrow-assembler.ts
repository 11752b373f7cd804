import { MessageHeader, MetadataVersion, type Schema } from 'apache-arrow';
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { Message } from 'apache-arrow/ipc/metadata/message';
import type { Assembler } from './assembler.js';

/** Before the schema, padded to eight bytes, and at the very end, unpadded. */
const MAGIC = Buffer.from('ARROW1');
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * Makes one Arrow IPC file (Feather version 2) of streams that have the same schema and the same dictionaries: the
 * first stream's schema and dictionaries, every stream's record batch, and a footer that says where they are.
 */
export class ArrowAssembler implements Assembler {
  #schema: Schema | undefined;
  readonly #dictionaries: FileBlock[] = [];
  readonly #batches: FileBlock[] = [];
  #position = 0;

  add(payload: Uint8Array, rows: number): readonly Uint8Array[] {
    const first = this.#schema === undefined;
    const parts: Uint8Array[] = [];
    if (first) parts.push(this.#write(Buffer.concat([MAGIC, Buffer.alloc(2)])));
    for (const { message, metadataLength, bytes } of messages(payload)) {
      if (message.headerType === MessageHeader.Schema && first) {
        this.#schema = message.header() as Schema;
      } else if (message.headerType === MessageHeader.DictionaryBatch && first) {
        this.#dictionaries.push(new FileBlock(metadataLength, message.bodyLength, this.#position));
      } else if (message.headerType === MessageHeader.RecordBatch && rows > 0) {
        this.#batches.push(new FileBlock(metadataLength, message.bodyLength, this.#position));
      } else continue;
      parts.push(this.#write(bytes));
    }
    return parts;
  }

  end(): readonly Uint8Array[] {
    const footer = Footer.encode(
      new Footer(this.#schema!, MetadataVersion.V5, this.#batches, this.#dictionaries),
    );
    const length = Buffer.alloc(4);
    length.writeInt32LE(footer.byteLength);
    return [END_OF_STREAM, footer, length, MAGIC];
  }

  #write(bytes: Uint8Array): Uint8Array {
    this.#position += bytes.byteLength;
    return bytes;
  }
}

interface EncodedMessage {
  readonly message: Message;
  /** The continuation mark, the length and the padded metadata. */
  readonly metadataLength: number;
  /** Metadata and body. */
  readonly bytes: Uint8Array;
}

function* messages(stream: Uint8Array): Generator<EncodedMessage> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 0;
  for (;;) {
    const length = view.getInt32(at + 4, true);
    if (length === 0) return;
    const message = Message.decode(stream.subarray(at + 8, at + 8 + length));
    const end = at + 8 + length + message.bodyLength;
    yield { message, metadataLength: 8 + length, bytes: stream.subarray(at, end) };
    at = end;
  }
}
