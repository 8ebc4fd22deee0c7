using System.ComponentModel;
using System.Globalization;

namespace Zcrx.Rx;

/// <summary>Converts text to a <see cref="ByteSize"/>, for configuration binders.</summary>
public sealed class ByteSizeConverter : TypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) =>
        sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    /// <inheritdoc/>
    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text ? ByteSize.Parse(text, culture) : base.ConvertFrom(context, culture, value);
}
