package dev.weir.cli;

import dev.weir.tensor.DType;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code float32}, {@code float16} or {@code bfloat16}. */
final class DTypeConverter implements ITypeConverter<DType> {

    @Override
    public DType convert(String value) {
        try {
            return DType.ofLabel(value);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
