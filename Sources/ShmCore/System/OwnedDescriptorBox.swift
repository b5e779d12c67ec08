/// A descriptor in an array, which holds no values that have one owner.
package final class OwnedDescriptorBox {
  private var descriptor: OwnedDescriptor?

  package init(_ descriptor: consuming OwnedDescriptor) {
    self.descriptor = .some(descriptor)
  }

  /// Hands it over, once.
  package func take() -> OwnedDescriptor? { descriptor.take() }

  /// Its number until it was handed over; it stays this value's.
  package var number: CInt? {
    switch descriptor {
    case .some(let descriptor): descriptor.raw
    case nil: nil
    }
  }

  /// Calls `body` with the number, until it was handed over.
  package func use(_ body: (CInt) -> Void) {
    if let number { body(number) }
  }
}
