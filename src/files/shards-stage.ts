import type { Publishing, Stage, StagedOutput } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import type { ShardsStage } from '../domain/sharded-publication.js';
import type { SliceFolders } from './layout.js';
import { type FileManifest, readShard } from './shard-manifests.js';
import type { FilesStage } from './stage.js';

/**
 * The committed shards of an attempt, put together to one file in the order of the input: readers and `restore` find
 * what they find after a run in one piece.
 */
export class FilesShardsStage implements ShardsStage {
  #merged: Promise<StagedOutput> | undefined;

  constructor(
    private readonly stage: FilesStage,
    private readonly folders: SliceFolders,
    private readonly attemptId: string,
    private readonly signal: AbortSignal,
    readonly manifests: readonly FileManifest[],
  ) {}

  get current(): Stage['current'] {
    return this.stage.current;
  }

  get rejectsLocation(): string {
    return this.stage.rejectsLocation;
  }

  finish(): Promise<StagedOutput> {
    return (this.#merged ??= this.#merge());
  }

  async duplicateKeys(limit: number): Promise<readonly string[]> {
    await this.finish();
    return this.stage.duplicateKeys(limit);
  }

  keepOffending(rows: Parameters<Stage['keepOffending']>[0]): Promise<void> {
    return this.stage.keepOffending(rows);
  }

  async publish(complete: (publishing: Publishing) => Receipt): Promise<Receipt> {
    await this.finish();
    return this.stage.publish(complete);
  }

  async keep(complete: (kept: { readonly location: string }) => Receipt): Promise<Receipt> {
    await this.finish();
    return this.stage.keep(complete);
  }

  async #merge(): Promise<StagedOutput> {
    for (const manifest of this.manifests) {
      for await (const frame of readShard(this.folders, this.attemptId, manifest)) {
        this.signal.throwIfAborted();
        if (frame.kind === 'rejects') await this.stage.reject(frame.rejects);
        else await this.stage.append(frame);
      }
    }
    return this.stage.finish();
  }
}
