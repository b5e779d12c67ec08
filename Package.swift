// swift-tools-version: 6.3

import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// The library returns spans whose lifetime depends on their owner. A program that uses them needs no setting.
let librarySettings: [SwiftSetting] =
  swiftSettings + [.enableExperimentalFeature("Lifetimes")]

let cSettings: [CSetting] = [
  .define("_GNU_SOURCE"),
  .define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release)),
  .enableWarning("all"),
  .enableWarning("extra"),
  .treatAllWarnings(as: .error),
]

/// The commit that `shmtool --version` names; Scripts/build sets it.
let commit =
  Context.environment["SHMTOOL_COMMIT"].map { [CSetting.define("SHMTOOL_COMMIT", to: "\"\($0)\"")] }
  ?? []

/// The functions of the C library that CShmTool replaces.
let replaced = ["malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign"]

/// Links the C library statically, too, into a position-independent executable; Scripts/build asks for it. Without
/// --disable-local-rpath SwiftPM adds a run path, and the C library does not start a static executable that has one.
let staticFlags =
  Context.environment["SHMTOOL_STATIC"] != "1"
  ? []
  // The compiler asks for -pie, too. The dynamic loader of Debian 12 does not read relocations in this form.
  : ["-static-pie", "-Wno-unused-command-line-argument", "-Wl,--pack-dyn-relocs=relr"]
    .flatMap { ["-Xclang-linker", $0] }

/// Links the Swift libraries into the release, and makes all that is constant read-only.
let releaseFlags =
  ["-static-stdlib", "-use-ld=lld"] + staticFlags
  + [
    "-s", "--gc-sections", "--no-export-dynamic", "-z", "relro", "-z", "now", "-z", "separate-code",
    "-T", "\(Context.packageDirectory)/Sources/shmtool/release.ld",
    "--wrap=swift_copyAuxiliaryExecutablePath",
  ].flatMap { ["-Xlinker", $0] } + replaced.flatMap { ["-Xlinker", "--wrap=\($0)"] }

let systemPackage: Target.Dependency = .product(
  name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "shmtool",
  products: [
    .library(
      name: "ShmCore", targets: ["ShmCore", "ShmInspection", "ShmCopying", "ShmStreams"]),
    .executable(name: "shmtool", targets: ["shmtool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .target(name: "CShm", cSettings: cSettings),
    .target(
      name: "CShmTool",
      cSettings: cSettings + commit
        + [.define("CSHMTOOL_WRAPPED", .when(configuration: .release))]),
    .target(
      name: "ShmCore",
      dependencies: ["CShm", systemPackage],
      swiftSettings: librarySettings),
    .target(
      name: "ShmInspection",
      dependencies: ["CShm", "ShmCore", systemPackage],
      swiftSettings: librarySettings),
    .target(
      name: "ShmCopying",
      dependencies: ["CShm", "ShmCore", systemPackage],
      swiftSettings: librarySettings),
    .target(
      name: "ShmStreams",
      dependencies: [
        "CShm", "ShmCore", "ShmInspection",
        systemPackage,
      ],
      swiftSettings: librarySettings),
    .executableTarget(
      name: "shmtool",
      dependencies: [
        "CShm", "CShmTool", "ShmCopying", "ShmCore", "ShmInspection", "ShmStreams",
        systemPackage,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      exclude: ["Schemas", "release.ld"],
      swiftSettings: swiftSettings,
      // A release is one file that needs no library. CShmTool has what replaces functions of the Swift
      // runtime and of the allocator.
      linkerSettings: [
        .unsafeFlags(releaseFlags, .when(configuration: .release)),
        .linkedLibrary("_FoundationCollections", .when(configuration: .release)),
        .linkedLibrary("_FoundationCShims", .when(configuration: .release)),
      ]),
    .target(
      name: "ShmTestSupport",
      dependencies: [
        "CShm", "ShmCopying", "ShmCore", "ShmInspection", systemPackage,
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      path: "Tests/ShmTestSupport", swiftSettings: swiftSettings),
    .executableTarget(
      name: "StreamBench", dependencies: ["ShmCore", "ShmStreams"], path: "Tests/StreamBench",
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ShmCoreTests",
      dependencies: ["CShm", "ShmCopying", "ShmCore", "ShmTestSupport", systemPackage],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ShmInspectionTests",
      dependencies: [
        "CShm", "ShmCopying", "ShmCore", "ShmInspection", "ShmTestSupport", systemPackage,
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ShmCopyingTests",
      dependencies: ["CShm", "ShmCopying", "ShmCore", "ShmTestSupport", systemPackage],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ShmStreamsTests",
      dependencies: ["CShm", "ShmCore", "ShmStreams", "ShmTestSupport", systemPackage],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ShmToolTests",
      dependencies: [
        "CShm", "CShmTool", "ShmCopying", "ShmCore", "ShmInspection", "ShmTestSupport", "shmtool",
        systemPackage,
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      exclude: ["Documentation", "Python"],
      swiftSettings: swiftSettings),
  ]
)
