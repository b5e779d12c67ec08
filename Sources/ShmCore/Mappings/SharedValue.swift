/// A type whose values processes can exchange through shared memory.
///
/// The bytes may come from a hostile process, or from a program in another language. A conforming type guarantees:
///
/// - Every pattern of bits is a valid value. `Bool` and enumerations do not fulfil this.
/// - It contains no pointer, because an address is valid in one process only.
/// - All processes agree on its layout. Structures that are imported from a C header fulfil this.
///
/// ```swift
/// struct Tick: SharedValue {
///   var time: UInt64
///   var price: Double
/// }
///
/// let region = try Region.open(RegionReference("ticks"), access: .readOnly)
/// let mapping = try Mapping(of: region, protection: .readOnly)
/// let ticks = try mapping.elements(of: Tick.self)
/// if !ticks.isEmpty { print(ticks[0].price) }
/// ```
public protocol SharedValue: BitwiseCopyable {}

extension Int: SharedValue {}
extension Int8: SharedValue {}
extension Int16: SharedValue {}
extension Int32: SharedValue {}
extension Int64: SharedValue {}
extension UInt: SharedValue {}
extension UInt8: SharedValue {}
extension UInt16: SharedValue {}
extension UInt32: SharedValue {}
extension UInt64: SharedValue {}
extension Float: SharedValue {}
extension Double: SharedValue {}
