// Heads of PostgreSQL's arrays in compiled code: where the elements begin, and what stands before them. Read next:
// ../array_image.ts, which says what that is.
import type { LibraryFunction } from "../function.js";
import { ARRAY_HEADER_BYTES, DATUM_HEADER_BYTES, arrayHeader } from "../array_image.js";

/** Bytes of the place of a NULL. */
export const PLACE_BYTES = 4;

/** (values, places of NULLs in bytes) -> where in the image the elements begin. */
export const elementsOffset: LibraryFunction = {
  name: "elementsOffset",
  type: { parameters: ["i32", "i32"], results: ["i32"] },
  write(code) {
    const [values, places] = [code.parameter(0), code.parameter(1)];
    code.get(places).if([], () => {
      // A bit for each value, then on to the next multiple of eight bytes of the datum.
      code.get(values).i32(7).op("i32.add").i32(3).op("i32.shr_u");
      code.i32(DATUM_HEADER_BYTES + ARRAY_HEADER_BYTES + 7).op("i32.add").i32(-8).op("i32.and");
      code.i32(DATUM_HEADER_BYTES).op("i32.sub").return();
    });
    code.i32(ARRAY_HEADER_BYTES);
  },
};

/**
 * (image, values, places of NULLs in bytes, those places, where the elements begin, element type): writes all that
 * stands before the elements.
 */
export const writeArrayHeader: LibraryFunction = {
  name: "writeArrayHeader",
  type: { parameters: ["i32", "i32", "i32", "i32", "i32", "i32"], results: [] },
  write(code) {
    const [image, values, places] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const [place, offset, elementType] = [code.parameter(3), code.parameter(4), code.parameter(5)];
    const [end, byte] = [code.local("i32"), code.local("i32")];
    code.get(image).i32(0).get(offset).memoryFill();
    code.get(image).i32(1).store("i32.store", arrayHeader.dimensions);
    code.get(image, elementType).store("i32.store", arrayHeader.elementType);
    code.get(image, values).store("i32.store", arrayHeader.length);
    code.get(image).i32(1).store("i32.store", arrayHeader.lowerBound);
    code.get(places).op("i32.eqz").if([], () => void code.return());
    code.get(image, offset).i32(DATUM_HEADER_BYTES).op("i32.add").store("i32.store", arrayHeader.elementsOffset);
    // All bits are set, then those of NULLs cleared.
    code.get(image).i32(ARRAY_HEADER_BYTES).op("i32.add").i32(0xff).get(values).i32(3).op("i32.shr_u").memoryFill();
    code.get(values).i32(7).op("i32.and").if([], () => {
      code.get(image, values).i32(3).op("i32.shr_u", "i32.add").i32(1).get(values).i32(7).op("i32.and", "i32.shl");
      code.i32(1).op("i32.sub").store("i32.store8", ARRAY_HEADER_BYTES);
    });
    code.get(place, places).op("i32.add").set(end);
    code.loop((again) => {
      code.get(image, place).load("i32.load").i32(3).op("i32.shr_u", "i32.add").tee(byte);
      code.get(byte).load("i32.load8_u", ARRAY_HEADER_BYTES);
      code.i32(1).get(place).load("i32.load").i32(7).op("i32.and", "i32.shl").i32(-1).op("i32.xor", "i32.and");
      code.store("i32.store8", ARRAY_HEADER_BYTES);
      code.get(place).i32(PLACE_BYTES).op("i32.add").tee(place).get(end).op("i32.lt_u").brIf(again);
    });
  },
};
