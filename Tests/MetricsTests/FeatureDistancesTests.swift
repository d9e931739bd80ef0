import Metrics
import Testing

/// Numbers from SciPy 1.16 (`scipy.linalg.sqrtm`) and NumPy, by this recipe:
///
///     m, n = a.mean(0), b.mean(0); S, T = np.cov(a.T), np.cov(b.T)
///     ((m-n)**2).sum() + np.trace(S + T - 2*np.real(scipy.linalg.sqrtm(S@T)))
///     k = lambda x, y: (x@y.T/x.shape[1]+1)**3; A, B, C = k(a,a), k(b,b), k(a,b); n, m = len(a), len(b)
///     (A.sum()-np.trace(A))/n/(n-1) + (B.sum()-np.trace(B))/m/(m-1) - 2*C.mean()
@Suite("Distances between sets of features")
struct FeatureDistancesTests {
  let a: [[Double]] = [
    [-0.802, -1.324, -0.248, 0.42], [1.136, 0.11, -0.553, -0.785], [0.749, 1.635, 0.273, -1.233],
    [-0.958, 1.6, 0.203, -1.732], [-0.084, -1.163, -0.629, -0.488], [-0.713, 0.553, -0.063, -0.589],
    [0.41, 0.83, -1.643, -0.257],
  ]
  let b: [[Double]] = [
    [-0.971, 0.24, -1.434, 0.531], [0.443, 0.043, -1.072, -0.094], [-1.137, -1.533, 0.837, -1.164],
    [2.255, 1.575, -2.497, 0.908], [-1.153, 0.55, 0.565, -2.483], [0.15, 0.116, 1.943, -1.272],
  ]

  @Test("as SciPy has them")
  func reference() throws {
    #expect(abs(try #require(FeatureDistances.frechet(a, b)) - 2.884716370598881) < 1e-9)
    #expect(abs(try #require(FeatureDistances.kernel(a, b)) + 0.8813537164737166) < 1e-9)
  }

  /// With fewer rows than features the covariances are singular, and SciPy's root of their product is good to 1e-6 only.
  @Test("with fewer rows than features")
  func fewRows() throws {
    let (a, b) = (Array(a.prefix(3)), Array(b.prefix(3)))
    #expect(abs(try #require(FeatureDistances.frechet(a, b)) - 6.756878255781717) < 1e-5)
    #expect(abs(try #require(FeatureDistances.kernel(a, b)) + 0.49384285098288316) < 1e-9)
  }

  @Test("a set is at no distance from itself, and one row is no set")
  func ends() throws {
    #expect(abs(try #require(FeatureDistances.frechet(a, a))) < 1e-9)
    #expect(FeatureDistances.frechet([a[0]], b) == nil)
    #expect(FeatureDistances.kernel(a, [b[0]]) == nil)
  }

  @Test("the nearest of others")
  func nearest() {
    #expect(FeatureDistances.nearest([[0, 0], [3, 4]], to: [[0, 1], [3, 0]]) == [1, 4])
    #expect(FeatureDistances.nearest([[0]], to: []) == [.infinity])
  }
}
