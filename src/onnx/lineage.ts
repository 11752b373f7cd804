import type { Graph, GraphNode } from './graph.js';

/** Operators that only change how a value is laid out or typed. Their first input is the value. */
const LAYOUT = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);

/** Operators through which element k of a row stays about class k: element by element, or along the row. */
const BY_CLASS = new Set([
  ...LAYOUT,
  ...['Normalizer', 'Softmax', 'Sigmoid', 'Exp', 'Log', 'Clip', 'Abs', 'Neg', 'Pow', 'Max', 'Min', 'Where'],
  ...['Add', 'Sub', 'Mul', 'Div', 'Sum', 'Mean', 'Concat'],
]);

/** Where a tensor comes from. */
export interface Origin {
  readonly node: GraphNode;
  /** Which of the node's outputs it is. */
  readonly output: number;
}

/** The nodes of a graph by the tensors they give. */
export class Lineage {
  readonly #producers = new Map<string, Origin>();

  constructor(readonly graph: Graph) {
    for (const node of graph.nodes) {
      for (const [output, name] of node.outputs.entries()) this.#producers.set(name, { node, output });
    }
  }

  /** The node that gives a tensor, if one does (not for graph inputs and initializers). */
  origin(tensor: string): Origin | undefined {
    return this.#producers.get(tensor);
  }

  /** The first node behind a tensor that does more than change its layout, its type or what `also` names. */
  source(tensor: string, also: (node: GraphNode) => boolean = () => false): Origin | undefined {
    let origin = this.origin(tensor);
    // A graph that runs in circles has no source; onnxruntime refuses it, but not always before us.
    for (let left = this.#producers.size; origin !== undefined; left--) {
      if (left < 0) return undefined;
      if (!LAYOUT.has(origin.node.operator) && !also(origin.node)) return origin;
      origin = this.origin(origin.node.inputs[0] ?? '');
    }
    return undefined;
  }

  /** All computed tensors that a tensor is made of, class by class; itself among them. */
  byClass(tensor: string): ReadonlySet<string> {
    const found = new Set<string>();
    const waiting = [tensor];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const origin = this.origin(next);
      if (origin === undefined || found.has(next)) continue;
      found.add(next);
      if (BY_CLASS.has(origin.node.operator)) waiting.push(...origin.node.inputs);
    }
    return found;
  }
}
