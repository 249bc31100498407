// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// Channels, rows, columns.
"test.op"() {attribute = #dsconv.tile<8, 2, 16, weights>} : () -> ()
// CHECK: attribute = #dsconv.tile<8, 2, 16, weights>}

"test.op"() {attribute = #dsconv.tile<1, 1, 1, pixels>} : () -> ()
// CHECK: attribute = #dsconv.tile<1, 1, 1, pixels>}

// Two copies of each buffer in L1.
"test.op"() {attribute = #dsconv.tile<8, 2, 16, weights, buffers = 2>} : () -> ()
// CHECK: attribute = #dsconv.tile<8, 2, 16, weights, buffers = 2>}

// One copy is not printed.
"test.op"() {attribute = #dsconv.tile<8, 2, 16, weights, buffers = 1>} : () -> ()
// CHECK: attribute = #dsconv.tile<8, 2, 16, weights>}

// Scan order: inner loops run there and back.
"test.op"() {attribute = #dsconv.tile<4, 2, 16, scan, buffers = 2, depth = 8>} : () -> ()
// CHECK: attribute = #dsconv.tile<4, 2, 16, scan, buffers = 2, depth = 8>}

"test.op"() {attribute = #dsconv.tile<4, 2, 16, scan_pixels>} : () -> ()
// CHECK: attribute = #dsconv.tile<4, 2, 16, scan_pixels>}

"test.op"() {attribute = #dsconv.tile<4, 2, 16, raster>} : () -> ()
// CHECK: attribute = #dsconv.tile<4, 2, 16, raster>}
