declare module 'parse-prometheus-text-format' {
  export interface Family {
    readonly name: string;
    readonly type: string;
    readonly metrics: ReadonlyArray<{
      readonly labels?: Readonly<Record<string, string>>;
      readonly value?: string;
      readonly buckets?: Readonly<Record<string, string>>;
    }>;
  }
  export default function parse(text: string): Family[];
}
