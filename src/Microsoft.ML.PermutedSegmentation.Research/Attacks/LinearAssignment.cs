namespace Microsoft.ML.PermutedSegmentation.Attacks;

/// <summary>
/// The cheapest way to give each row a column of its own: the Hungarian method with shortest augmenting paths, O(n³)
/// (R. Jonker and A. Volgenant, "A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", 1987).
/// </summary>
internal static class LinearAssignment
{
    /// <param name="costs">n x n, by rows; finite.</param>
    /// <param name="n">Number of rows and of columns.</param>
    /// <returns>The column of each row.</returns>
    public static int[] Solve(ReadOnlySpan<float> costs, int n)
    {
        // Row and column potentials: cost - row - column is never negative, and 0 where a column is given. Place n is the row
        // for which a path is looked for.
        double[] rowPotential = new double[n], columnPotential = new double[n + 1], distance = new double[n];
        int[] rowOf = new int[n + 1], cameFrom = new int[n];
        Array.Fill(rowOf, -1);
        bool[] settled = new bool[n + 1];
        for (int row = 0; row < n; row++)
        {
            rowOf[n] = row;
            Array.Fill(distance, double.PositiveInfinity);
            Array.Clear(settled);
            int column = n;
            do
            {
                settled[column] = true;
                int current = rowOf[column], next = -1;
                double least = double.PositiveInfinity;
                for (int j = 0; j < n; j++)
                {
                    if (settled[j])
                        continue;
                    double reduced = costs[current * n + j] - rowPotential[current] - columnPotential[j];
                    if (reduced < distance[j])
                        (distance[j], cameFrom[j]) = (reduced, column);
                    if (distance[j] < least)
                        (least, next) = (distance[j], j);
                }
                for (int j = 0; j <= n; j++)
                {
                    if (settled[j])
                    {
                        rowPotential[rowOf[j]] += least;
                        columnPotential[j] -= least;
                    }
                    else
                    {
                        distance[j] -= least;
                    }
                }
                column = next;
            }
            while (rowOf[column] >= 0);
            // Along the path back, each column takes the row of the one before.
            for (; column != n; column = cameFrom[column])
                rowOf[column] = rowOf[cameFrom[column]];
        }
        int[] result = new int[n];
        for (int j = 0; j < n; j++)
            result[rowOf[j]] = j;
        return result;
    }
}
