using System.Net;
using Zcrx.Interop.Emulation;

namespace Zcrx.Interop.Tests.Emulation;

/// <summary>Tests the Toeplitz hash over TCP addresses and ports with the vectors that Microsoft has published.</summary>
public class RssHashTests
{
    [Theory]
    [InlineData("66.9.149.187:2794", "161.142.100.80:1766", 0x51ccc178u)]
    [InlineData("199.92.111.2:14230", "65.69.140.83:4739", 0xc626b0eau)]
    [InlineData("24.19.198.95:12898", "12.22.207.184:38024", 0x5c2b394au)]
    [InlineData("38.27.205.30:48228", "209.142.163.6:2217", 0xafc7327fu)]
    [InlineData("153.39.163.191:44251", "202.188.127.2:1303", 0x10e828a2u)]
    [InlineData("[3ffe:2501:200:1fff::7]:2794", "[3ffe:2501:200:3::1]:1766", 0x40207d3du)]
    [InlineData("[3ffe:501:8::260:97ff:fe40:efab]:14230", "[ff02::1]:4739", 0xdde51bbfu)]
    [InlineData("[3ffe:1900:4545:3:200:f8ff:fe21:67cf]:44251", "[fe80::200:f8ff:fe21:67cf]:38024", 0x02d1feefu)]
    public void Hash_equals_the_published_vectors(string source, string destination, uint expected) =>
        Assert.Equal(expected, RssHash.Of(IPEndPoint.Parse(source), IPEndPoint.Parse(destination)));
}
