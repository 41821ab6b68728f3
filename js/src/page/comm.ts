/**
 * The line between a widget and whoever answers it in the page, in the form of the one to a kernel: the view asks the same
 * way, and need not know who answers.
 */
import type { ICallbacks, IClassicComm } from "@jupyter-widgets/base";
import type { KernelMessage } from "@jupyterlab/services";

type Handler = (message: KernelMessage.ICommMsgMsg) => void;
type State = Record<string, unknown>;

export class PageComm implements IClassicComm {
  readonly target_name = "jupyter.widget";
  #receive: Handler = () => {};

  /** `asked` is called with what a view has saved, `told` with what it says besides. */
  constructor(
    readonly comm_id: string,
    readonly asked: (state: State) => void,
    readonly told: (content: Record<string, unknown>) => void = () => {},
  ) {}

  /** Sets traits of the widget, as a kernel does. */
  answer(state: State): void {
    this.#receive({ content: { data: { method: "update", state, buffer_paths: [] } } } as never);
  }

  send(data: unknown, callbacks?: ICallbacks): string {
    const { method, state, content } = data as { method: string; state: State; content: State };
    if (method === "update") this.asked(state);
    if (method === "custom") this.told(content);
    // The next message of the widget waits until this one was taken.
    queueMicrotask(() => callbacks?.iopub?.status?.({ content: { execution_state: "idle" } } as never));
    return this.comm_id;
  }

  on_msg(receive: Handler): void {
    this.#receive = receive;
  }

  open = () => "";
  close = () => "";
  on_close(): void {}
}
