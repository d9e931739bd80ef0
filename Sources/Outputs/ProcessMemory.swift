internal import COutputs

/// How the process deals with memory that it has freed.
public enum ProcessMemory {
  /// Keeps it for later instead of giving it back to the system: for processes that run for long and need the same
  /// amounts again and again. Call once, at the start.
  public static func keepFreed() { coutputs_keep_freed_memory() }
}
