/** What `executor.dashboard()` takes and gives. What is behind it lies above, and is loaded when it is called. */

export interface DashboardOptions {
  /** Default 0: one that is free. */
  readonly port?: number | undefined;
  /** The address to listen on. Default 127.0.0.1; others can be reached from other machines, without encryption. */
  readonly host?: string | undefined;
  /** What viewers have to know, 16 characters or more out of A-Z, a-z, 0-9, - and _. Default: random. */
  readonly token?: string | undefined;
}

/** A page that shows what this program's executors do. It does not keep the program running. */
export interface Dashboard extends AsyncDisposable {
  /** To be opened in a browser; holds the token. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Takes no more viewers, and sends those away that are there. */
  close(): Promise<void>;
}
