# duration.gp - the distribution functions of a duration, a curve a strategy.
# DATA: a block per strategy: seconds, per cent.  Also CURVES (how many) and of
# each NAME1, KIND1, DASH1, SAYS1; XMAX XTICS WHAT, LIMIT (objective in seconds,
# -1: none).
load STYLE
@HEAD
set xrange [0:XMAX]; set xtics XTICS; set xlabel WHAT
set yrange [0:102]; set ytics 25; set format y '%g %%'; set ylabel 'of the replications'
set tmargin at screen 1-76.0/H
room = (70.0 + 7.6*(LABEL > 13 ? LABEL : 13))
set rmargin at screen 1-room/W
if (LIMIT >= 0) {
    set arrow 1 from LIMIT,0 to LIMIT,102 nohead lc rgb INK lw 0.9 dt (4,3) front
    set label 1 sprintf('objective %g s', LIMIT) at LIMIT,graph 0.04 offset 0.6,0 left font S9 textcolor rgb INK front
}
tall = (H - 140.0)/CURVES > 40 ? 40 : (H - 140.0)/CURVES
LETTERS = tall < 15 ? sprintf(',%.1f', 8*PX) : S10
do for [i=1:CURVES] {
    y = H - 84 - tall*(i - 1)
    set label (100+i) value('NAME'.i) at graph 1,screen y/H offset 4.6,0 left font LETTERS textcolor rgb dark(value('KIND'.i))
    set arrow (200+i) from graph 1.012,screen y/H to screen 1-(room - 38)/W,screen y/H nohead lc rgb value(value('KIND'.i)) lw 2 dt value('DASH'.i)
    if (tall > 30) { set label (300+i) value('SAYS'.i) at graph 1,screen (y-15)/H offset 4.6,0 left font S9 textcolor rgb GREY }
}
plot for [i=1:CURVES] DATA index i-1 using 1:2 with steps lc rgb value(value('KIND'.i)) lw 2.2 dt value('DASH'.i)
unset output
