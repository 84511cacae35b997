package dev.weir.cli;

import dev.weir.tensor.DType;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code float32}, {@code float16}, {@code bfloat16} or {@code int8}. */
final class MatrixTypeConverter implements ITypeConverter<DType> {

    @Override
    public DType convert(String value) {
        try {
            return DType.ofMatrixLabel(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
