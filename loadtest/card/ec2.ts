// Sizes of EC2 on which a node may run, as far as a source could be named. What is not sourced is null, and the card says so.

export interface Ec2Size {
  readonly name: string;
  readonly cores: number;
  readonly memoryGib: number;
  /** What the size has for good; bursts above it end. */
  readonly baselineGbps: number | null;
  readonly sources: readonly SourceName[];
}

/** All of them are stored copies, read on the day of `READ`: look at AWS's own pages before you buy. */
export const READ = '2026-11-29';

export const SOURCES = {
  types:
    'vCPU and memory of t4g and m6g: `templates/machines/arm64.json` in github.com/Fred78290/autoscaled-masterkube-aws, a list for an autoscaler',
  amazon: 'vCPU and memory of c7g: a list of constants of all EC2 types, under the copyright of Amazon.com, as found in public source code',
  memorydb: 'baseline bandwidth of t4g: AWS’s table of MemoryDB nodes, which are of the same family',
  elasticache:
    'baseline bandwidth of m6g: AWS’s table of ElastiCache nodes of the same family (docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html)',
} as const;

type SourceName = keyof typeof SOURCES;

export const EC2_SIZES: readonly Ec2Size[] = [
  { name: 't4g.small', cores: 2, memoryGib: 2, baselineGbps: 0.128, sources: ['types', 'memorydb'] },
  { name: 't4g.medium', cores: 2, memoryGib: 4, baselineGbps: 0.256, sources: ['types', 'memorydb'] },
  { name: 'c7g.large', cores: 2, memoryGib: 4, baselineGbps: null, sources: ['amazon'] },
  { name: 'c7g.xlarge', cores: 4, memoryGib: 8, baselineGbps: null, sources: ['amazon'] },
  { name: 'm6g.large', cores: 2, memoryGib: 8, baselineGbps: 0.75, sources: ['types', 'elasticache'] },
  { name: 'm6g.xlarge', cores: 4, memoryGib: 16, baselineGbps: 1.25, sources: ['types', 'elasticache'] },
];
