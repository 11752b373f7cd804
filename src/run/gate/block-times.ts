/** How long blocks took to score. */
export interface BlockTimes {
  add(rows: number, milliseconds: number): void;
  /**
   * Milliseconds for 1,000 rows that 95 % of the rows were scored within: the 95th percentile over blocks, each weighing
   * what it has rows, so that the last few rows of an input do not decide. Undefined where there were no rows.
   */
  percentile95(): number | undefined;
}

export function startBlockTimes(): BlockTimes {
  const blocks: { readonly rows: number; readonly per1k: number }[] = [];
  return {
    add(rows, milliseconds) {
      if (rows > 0) blocks.push({ rows, per1k: (1000 * milliseconds) / rows });
    },
    percentile95() {
      const total = blocks.reduce((sum, { rows }) => sum + rows, 0);
      let within = 0;
      for (const { rows, per1k } of [...blocks].sort((a, b) => a.per1k - b.per1k)) {
        within += rows;
        if (within >= 0.95 * total) return per1k;
      }
      return undefined;
    },
  };
}
