// Messages of the scan conversation (schemas/control/scan.fbs) as plain records, with their wire form.
// Pages themselves never pass here: they travel as descriptors in the page rings.
import { OpenScan as OpenTable } from "#generated/control/open-scan.js";
import { ScanFailed as FailedTable } from "#generated/control/scan-failed.js";
import { ScanFinished as FinishedTable } from "#generated/control/scan-finished.js";
import { StopScan as StopTable } from "#generated/control/stop-scan.js";
import { Builder } from "flatbuffers";
import { decodeMessage } from "./flatbuffer_vector.js";

export interface OpenScan {
  readonly leaf: number;
  readonly producer: number;
}

export interface StopScan {
  readonly reason: number;
}

export interface ScanFinished {
  readonly rows: number;
  readonly pages: number;
  readonly bytes: number;
  readonly rowsFiltered: number;
  readonly timeNs: number;
}

export interface ScanFailed {
  readonly sqlstate: string;
  readonly message: string;
}

/** Writes an OpenScan. */
export function encodeOpenScan(message: OpenScan): Uint8Array {
  const builder = new Builder(64);
  builder.finish(OpenTable.createOpenScan(builder, message.leaf, message.producer));
  return builder.asUint8Array();
}

/** Reads an OpenScan. */
export function decodeOpenScan(payload: Uint8Array): OpenScan {
  return decodeMessage("OpenScan", payload, (buffer) => {
    const table = OpenTable.getRootAsOpenScan(buffer);
    return { leaf: table.leaf(), producer: table.producer() };
  });
}

/** Writes a StopScan. */
export function encodeStopScan(message: StopScan): Uint8Array {
  const builder = new Builder(64);
  builder.finish(StopTable.createStopScan(builder, message.reason));
  return builder.asUint8Array();
}

/** Reads a StopScan. */
export function decodeStopScan(payload: Uint8Array): StopScan {
  return decodeMessage("StopScan", payload, (buffer) => ({
    reason: StopTable.getRootAsStopScan(buffer).reason(),
  }));
}

/** Writes a ScanFinished. */
export function encodeScanFinished(message: ScanFinished): Uint8Array {
  const builder = new Builder(128);
  builder.finish(FinishedTable.createScanFinished(
    builder, BigInt(message.rows), BigInt(message.pages), BigInt(message.bytes),
    BigInt(message.rowsFiltered), BigInt(message.timeNs)));
  return builder.asUint8Array();
}

/** Reads a ScanFinished. */
export function decodeScanFinished(payload: Uint8Array): ScanFinished {
  return decodeMessage("ScanFinished", payload, (buffer) => {
    const table = FinishedTable.getRootAsScanFinished(buffer);
    return {
      rows: Number(table.rows()),
      pages: Number(table.pages()),
      bytes: Number(table.bytes()),
      rowsFiltered: Number(table.rowsFiltered()),
      timeNs: Number(table.timeNs()),
    };
  });
}

/** Writes a ScanFailed. */
export function encodeScanFailed(message: ScanFailed): Uint8Array {
  const builder = new Builder(256);
  builder.finish(FailedTable.createScanFailed(
    builder, builder.createString(message.sqlstate), builder.createString(message.message)));
  return builder.asUint8Array();
}

/** Reads a ScanFailed. */
export function decodeScanFailed(payload: Uint8Array): ScanFailed {
  return decodeMessage("ScanFailed", payload, (buffer) => {
    const table = FailedTable.getRootAsScanFailed(buffer);
    return { sqlstate: table.sqlstate() ?? "XX000", message: table.message() ?? "" };
  });
}
